"""What an administrator has done: each operation returns an outcome, and prints nothing."""
