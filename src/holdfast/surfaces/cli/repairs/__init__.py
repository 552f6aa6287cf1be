"""What people do about repairs on the command line: propose, approve, follow, take back."""
