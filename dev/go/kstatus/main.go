// Command kstatus tells what Flux and Helm conclude from the status of an
// object. It reads objects as JSON, one after the other, and prints one line of
// JSON for each: the conclusion and its message.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	if err := judge(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "kstatus: %v\n", err)
		os.Exit(1)
	}
}

// judge writes the conclusion on each object of input, in the same order.
func judge(input io.Reader, output io.Writer) error {
	objects, conclusions := json.NewDecoder(input), json.NewEncoder(output)
	for {
		var raw json.RawMessage
		if err := objects.Decode(&raw); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		// Not plain decoding: the library looks for whole numbers as int64.
		object := new(unstructured.Unstructured)
		if err := object.UnmarshalJSON(raw); err != nil {
			return err
		}
		concluded, err := status.Compute(object)
		if err != nil {
			return err
		}
		line := map[string]string{"status": concluded.Status.String(), "message": concluded.Message}
		if err := conclusions.Encode(line); err != nil {
			return err
		}
	}
}
