-- Which gateway began a return: what it leaves behind when it dies is in doubt. Null here, where there is only one.
ALTER TABLE refunds ADD COLUMN node BLOB;
