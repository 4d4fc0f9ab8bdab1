package cfchattest

import "time"

// serverInformation answers the version, on every version and to everybody (contract, W0).
func (c *caller) serverInformation() (any, error) {
	return object{
		"version": c.version.String(), "timestamp": c.clock().UTC().Format(time.DateTime),
		"queue_services": "ok", "data_services": "ok",
	}, nil
}
