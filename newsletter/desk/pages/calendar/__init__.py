"""The calendar: what is due and was sent, of all newsletters, day by day; what can be done to it; the recurrence."""
