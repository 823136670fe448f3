//! Nodes behind a load balancer, and somebody who asks them, in as little HTTP as will do.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A node that answers each request with its own name, or hangs up on it.
pub(crate) struct Node {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Node {
    pub(crate) fn answering(name: &'static str) -> Self {
        Self::start(Some(name))
    }

    /// One that dies under every request, once it has read it.
    pub(crate) fn dying() -> Self {
        Self::start(None)
    }

    /// The methods of the requests that it has read.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn start(name: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, asked) = (listener.local_addr().unwrap().port(), Arc::default());
        let kept = Arc::clone(&asked);
        thread::spawn(move || {
            for connection in listener.incoming() {
                // Whoever only looks whether it is there asks nothing.
                let _ = serve(connection.unwrap(), name, &kept);
            }
        });
        Self { port, asked }
    }
}

fn serve(mut from: TcpStream, name: Option<&str>, asked: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    asked.lock().unwrap().extend(head.split(' ').next().map(str::to_owned));
    let Some(name) = name else { return Ok(()) };
    let length = name.len();
    write!(from, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{name}")
}

/// The status and the body of an answer without a request body.
pub(crate) fn ask(port: u16, method: &str) -> io::Result<(u16, String)> {
    let mut to = TcpStream::connect(("127.0.0.1", port))?;
    let fields = "Host: localhost\r\nContent-Length: 0\r\nConnection: close";
    write!(to, "{method} / HTTP/1.1\r\n{fields}\r\n\r\n")?;
    let mut answer = String::new();
    to.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    status.zip(body).ok_or_else(|| io::Error::other(answer))
}
