-- Which gateway made a hold. Null here, where there is only one: the shared home has many.
ALTER TABLE holds ADD COLUMN node BLOB;
