"""Sets boxes up over their serial consoles: answers the setup menu from a file, several ports at once."""
