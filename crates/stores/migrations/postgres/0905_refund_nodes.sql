-- Which gateway began a return: what it leaves behind when it dies is in doubt.
ALTER TABLE refunds ADD COLUMN node BYTEA;
