-- The ids of one device are read whenever it changes.
CREATE INDEX dynamic_ids_by_device ON dynamic_ids (hardware_id);
