"""The pages of staff, and what authors see of staff's decisions."""
