"""What rights it takes: generated from the declarations, never kept by hand."""
