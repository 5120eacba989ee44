"""Reading rows: the view that people see of the last comparison of each channel location."""
