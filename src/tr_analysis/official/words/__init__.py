"""Single cells and headers: what the words and numbers of the Ministry mean."""
