"""What comes back by mail from servers and programs: bounces, complaints, automatic replies."""
