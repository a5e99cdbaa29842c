"""From the staff's files to the students': the template is derived, never written by hand."""
