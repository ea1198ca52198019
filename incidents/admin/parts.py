"""What incidents have besides what cases have, in the console."""
