package recordings

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
)

// write writes an exchange to the file named after it in a folder. It never replaces a file: that exchange may be the only
// one of its kind.
func write(folder string, e Exchange) error {
	data, err := encode(e)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(folder, e.Name+".json"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

// encode returns an exchange in the form of all recordings, so that they can be compared: indented by one space, with an
// unescaped <, and without a line break at the end.
func encode(e Exchange) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(e)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
