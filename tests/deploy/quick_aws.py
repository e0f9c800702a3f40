"""Loads the AWS CLI once and forks it for each command, which then starts in a tenth of a second instead of a whole one.

    quick_aws.py <socket>    # serves until it is terminated; CLIENT runs a command there, with its own outputs
"""

import os
import signal
import socket
import sys

CLIENT = """#!{python} -IS
import os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    socket.send_fds(server, [b"\\0".join(map(os.fsencode, [os.getcwd(), *sys.argv[1:]]))], [1, 2])
    server.shutdown(socket.SHUT_WR)
    sys.exit(int(server.recv(8) or b"255"))
"""


def serve(path):
    from awscli.clidriver import create_clidriver

    driver = create_clidriver()
    # Loads the command table before the first fork.
    driver._get_command_table()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(16)
    while True:
        client, _ = listening.accept()
        if os.fork():
            client.close()
            continue
        said, descriptors, _, _ = socket.recv_fds(client, 1 << 20, 2)
        for own, theirs in zip((1, 2), descriptors):
            os.dup2(theirs, own)
        folder, *arguments = map(os.fsdecode, said.split(b"\0"))
        os.chdir(folder)
        code = driver.main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        client.sendall(str(code).encode())
        os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
