"""The inbox: what was collected for a newsletter, to be read, starred or rejected; and posts that editors bring in."""
