"""Arrays and small files, on disk and on object storage. Only this package opens Zarr."""
