//! Ways that fail: what each end of a connection sees of it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use cloakroom_testservers::{Redis, Wire, eventually};

/// Long enough that what is held would have come.
const A_WHILE: Duration = Duration::from_millis(150);

#[test]
fn what_is_sent_arrives_in_full_and_so_does_the_end() {
    let wire = Wire::to(echo()).unwrap();
    let mut end = TcpStream::connect(("127.0.0.1", wire.port())).unwrap();
    let sent: Vec<u8> = (0..3_000_000_u32).map(|it| it.to_le_bytes()[1]).collect();
    let mut sender = end.try_clone().unwrap();
    let to_send = sent.clone();
    let sending = thread::spawn(move || {
        sender.write_all(&to_send).unwrap();
        sender.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let mut came = Vec::new();
    end.read_to_end(&mut came).unwrap();
    sending.join().unwrap();
    assert!(came == sent);
}

#[test]
fn a_cut_resets_connections_and_refuses_others_until_it_is_healed() {
    let wire = Wire::to(echo()).unwrap();
    let mut end = connect(&wire);
    assert_eq!(ask(&mut end), Ok(()));
    wire.cut().unwrap();
    assert_eq!(end.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let refused = TcpStream::connect(("127.0.0.1", wire.port())).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    wire.heal().unwrap();
    assert_eq!(ask(&mut connect(&wire)), Ok(()));
}

#[test]
fn a_silent_way_keeps_what_is_sent_until_it_is_healed() {
    let wire = Wire::to(echo()).unwrap();
    let mut before = connect(&wire);
    assert_eq!(ask(&mut before), Ok(()));
    wire.silence().unwrap();
    let mut during = connect(&wire);
    for end in [&mut before, &mut during] {
        assert_eq!(ask(end), Err(ErrorKind::WouldBlock));
    }
    wire.heal().unwrap();
    for end in [&mut before, &mut during] {
        end.set_read_timeout(None).unwrap();
        end.read_exact(&mut [0; 4]).unwrap();
    }
}

#[test]
fn what_is_asked_happens_when_only_answers_are_held() {
    let redis = Redis::start().unwrap();
    let wire = Wire::to(redis.port()).unwrap();
    let mut end = connect(&wire);
    wire.hold_answers().unwrap();
    end.write_all(b"SET coat 7\r\n").unwrap();
    eventually(
        "what was asked for",
        || Ok((redis.command(&["GET", "coat"])? == "7").then_some(())),
    )
    .unwrap();
    assert_eq!(end.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    wire.cut().unwrap();
    assert_eq!(end.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_delay_counts_each_way() {
    let wire = Wire::to(echo()).unwrap();
    let mut end = connect(&wire);
    wire.delay(A_WHILE).unwrap();
    // One way alone would be through before the first of these ends, and both are before the third.
    assert_eq!(ask(&mut end), Err(ErrorKind::WouldBlock));
    end.set_read_timeout(None).unwrap();
    end.read_exact(&mut [0; 4]).unwrap();
    wire.heal().unwrap();
    assert_eq!(ask(&mut end), Ok(()));
}

#[test]
fn a_far_end_that_hangs_up_or_resets_is_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let wire = Wire::to(listener.local_addr().unwrap().port()).unwrap();
    let mut end = connect(&wire);
    drop(listener.accept().unwrap());
    end.set_read_timeout(None).unwrap();
    assert_eq!(end.read(&mut [0]).unwrap(), 0);
    // Whoever closes with something unread resets.
    let mut end = connect(&wire);
    end.write_all(b"coat").unwrap();
    let (mut far, _) = listener.accept().unwrap();
    far.read_exact(&mut [0]).unwrap();
    drop(far);
    end.set_read_timeout(None).unwrap();
    assert_eq!(end.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    drop(listener);
    let mut end = connect(&wire);
    end.set_read_timeout(None).unwrap();
    assert_eq!(end.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_way_can_be_led_elsewhere() {
    let (one, other) = (Redis::start().unwrap(), Redis::start().unwrap());
    let wire = Wire::to(one.port()).unwrap();
    let port = |end: &mut TcpStream| {
        end.set_read_timeout(None).unwrap();
        end.write_all(b"CONFIG GET port\r\n").unwrap();
        let expected = b"*2\r\n$4\r\nport\r\n$5\r\n00000\r\n";
        let mut answer = vec![0; expected.len()];
        end.read_exact(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[expected.len() - 7..]).trim().parse::<u16>().unwrap()
    };
    let mut first = connect(&wire);
    assert_eq!(port(&mut first), one.port());
    wire.lead_to(other.port()).unwrap();
    assert_eq!(port(&mut connect(&wire)), other.port());
    assert_eq!(port(&mut first), one.port());
}

/// The port of somebody who sends back what comes.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for end in listener.incoming() {
            let end = end.unwrap();
            thread::spawn(move || std::io::copy(&mut &end, &mut &end));
        }
    });
    port
}

fn connect(wire: &Wire) -> TcpStream {
    let end = TcpStream::connect(("127.0.0.1", wire.port())).unwrap();
    end.set_read_timeout(Some(A_WHILE)).unwrap();
    end
}

/// Sends something and waits for it to come back.
fn ask(end: &mut TcpStream) -> Result<(), ErrorKind> {
    end.write_all(b"coat").unwrap();
    let mut answer = [0; 4];
    end.read_exact(&mut answer).map_err(|error| error.kind())?;
    assert_eq!(&answer, b"coat");
    Ok(())
}
