"""Templates, labels, folders, list values and custom fields in the console."""
