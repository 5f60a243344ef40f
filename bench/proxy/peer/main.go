// The Go side of the measurement of the proxied path: the proxy that ours is compared with, the API server that both
// ask, and the load. One program, so that one build makes all three.
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: peer proxy | upstream | load"))
	}
	commands := map[string]func([]string) error{"proxy": runProxy, "upstream": runUpstream, "load": runLoad}
	command, known := commands[os.Args[1]]
	if !known {
		fail(fmt.Errorf("there is no command %q", os.Args[1]))
	}
	if err := command(os.Args[2:]); err != nil {
		fail(err)
	}
}

// announced listens on a free loopback port, and says which one in the first line of the program's output.
func announced() (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	}
	return listener, err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
