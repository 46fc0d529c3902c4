// Command visitor visits three points, and a fourth of one thing, and ends, for the tests of package crash.
package main

import (
	"fmt"

	"fitkit/shared/crash"
)

func main() {
	for _, point := range []string{"at the first", "at the second", "at the third"} {
		crash.At(point)
		fmt.Println(point)
	}
	crash.Of("at the fourth", thing("the one"))
}

type thing string

func (t thing) String() string { return string(t) }
