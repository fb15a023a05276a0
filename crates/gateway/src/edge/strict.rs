//! What hyper reads and we do not: each line of a head is looked at before hyper parses it.
//!
//! hyper is lenient where leniency smuggles requests past a proxy in front of us (RELIABILITY 5): it takes a bare
//! LF for the end of a line, drops the Content-Length beside a Transfer-Encoding, merges two equal ones, and cuts
//! a fragment off the target. None of this can be seen in the request that it hands on, so it is looked for in
//! the bytes. A head in which it is found is refused, and nothing behind it is read as a request.
//! Never: changes a byte.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use faregate_contract::Refusal;
use faregate_pipeline::{parameters, protocol};
use memchr::memchr;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is wrong with a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A body whose length is not said before it comes: no SDK sends one, and with it go chunk extensions,
    /// trailers, and every quarrel between two lengths (RFC 9112, 6.1).
    TransferEncoding,
    /// Two lengths, even equal ones (RFC 9112, 6.3).
    TwoLengths,
    /// A length that is no number.
    NoLength,
    /// A line that ends without CR (RFC 9112, 2.2).
    BareLf,
    /// A target with a fragment (RFC 9112, 3.2).
    Fragment,
    /// More header lines than `limits.head_bytes_max` holds; hyper's own bound is met only between two reads.
    TooLong,
}

const FAULTS: [Fault; 6] = [
    Fault::TransferEncoding,
    Fault::TwoLengths,
    Fault::NoLength,
    Fault::BareLf,
    Fault::Fragment,
    Fault::TooLong,
];

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TransferEncoding => protocol::unspoken("Transfer-Encoding"),
            Fault::TwoLengths => parameters::malformed_http("it has two Content-Length headers"),
            Fault::NoLength => parameters::malformed_http("its Content-Length is no number"),
            Fault::BareLf => parameters::malformed_http("a line of its head ends without CR"),
            Fault::Fragment => parameters::malformed_http("its target holds `#`"),
            Fault::TooLong => parameters::malformed_http("its headers are too long"),
        }
    }
}

/// The first fault of a connection: told by its stream to its service.
#[derive(Debug, Default)]
pub(super) struct Seen(AtomicUsize);

impl Seen {
    /// What is wrong with the head of this number, or with one before it.
    pub(super) fn fault_of(&self, head: usize) -> Option<Fault> {
        let packed = self.0.load(Ordering::Relaxed);
        let fault = FAULTS.get((packed % (FAULTS.len() + 1)).checked_sub(1)?)?;
        (packed / (FAULTS.len() + 1) <= head).then_some(*fault)
    }

    fn tell(&self, head: usize, fault: Fault) {
        let n = FAULTS.iter().position(|known| *known == fault).map_or(0, |n| n + 1);
        self.0.store(head.saturating_mul(FAULTS.len() + 1).saturating_add(n), Ordering::Relaxed);
    }
}

#[derive(Debug)]
enum Place {
    RequestLine,
    Headers,
    /// So many bytes of a body are still to come.
    Body(u64),
    /// Nothing is read any more.
    Ended,
}

/// Follows heads and bodies as they come.
#[derive(Debug)]
struct Scan {
    place: Place,
    /// The beginning of a line whose end has not come yet; hyper bounds the head, and so this.
    held: Vec<u8>,
    length: Option<u64>,
    /// How many bytes the header lines of this head may still have.
    left: usize,
    bytes_max: usize,
    /// The number of the head that is being read, from 0.
    head: usize,
}

impl Scan {
    fn new(bytes_max: usize) -> Self {
        let (place, held, length) = (Place::RequestLine, Vec::new(), None);
        Self { place, held, length, left: bytes_max, bytes_max, head: 0 }
    }

    fn take(&mut self, mut bytes: &[u8]) -> Option<Fault> {
        while !bytes.is_empty() {
            if let Place::Ended = self.place {
                return None;
            }
            if let Place::Body(left) = &mut self.place {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left = left.saturating_sub(u64::try_from(here).unwrap_or(u64::MAX));
                if *left == 0 {
                    self.place = Place::RequestLine;
                }
                bytes = bytes.get(here..).unwrap_or_default();
                continue;
            }
            let Some((line, rest)) =
                memchr(b'\n', bytes).and_then(|end| bytes.split_at_checked(end + 1))
            else {
                self.held.extend_from_slice(bytes);
                return None;
            };
            bytes = rest;
            let read = if self.held.is_empty() {
                self.line(line)
            } else {
                self.held.extend_from_slice(line);
                let whole = std::mem::take(&mut self.held);
                self.line(&whole)
            };
            if let Err(fault) = read {
                self.place = Place::Ended;
                return Some(fault);
            }
        }
        None
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let line = line.strip_suffix(b"\r\n").ok_or(Fault::BareLf)?;
        match (&self.place, line.is_empty()) {
            // Empty lines before a request are skipped (RFC 9112, 2.2).
            (Place::RequestLine, true) | (Place::Body(_) | Place::Ended, _) => {}
            (Place::RequestLine, false) => {
                if memchr(b'#', line).is_some() {
                    return Err(Fault::Fragment);
                }
                self.place = Place::Headers;
            }
            (Place::Headers, true) => {
                self.head += 1;
                self.left = self.bytes_max;
                self.place = match self.length.take() {
                    None | Some(0) => Place::RequestLine,
                    Some(length) => Place::Body(length),
                };
            }
            (Place::Headers, false) => self.header(line)?,
        }
        Ok(())
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.left = self.left.checked_sub(line.len() + 2).ok_or(Fault::TooLong)?;
        if value_of(line, b"transfer-encoding:").is_some() {
            return Err(Fault::TransferEncoding);
        }
        let Some(value) = value_of(line, b"content-length:") else { return Ok(()) };
        let digits = std::str::from_utf8(value.trim_ascii()).unwrap_or_default();
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let length = digits.parse().ok().filter(|_| is_number).ok_or(Fault::NoLength)?;
        if self.length.replace(length).is_some() {
            return Err(Fault::TwoLengths);
        }
        Ok(())
    }
}

/// What stands behind this name. A name with a space before its colon is none for hyper either: it refuses it.
fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (written, value) = line.split_at_checked(name.len())?;
    written.eq_ignore_ascii_case(name).then_some(value)
}

/// A stream whose heads are looked at as they are read.
#[derive(Debug)]
pub(super) struct Strict<S> {
    stream: S,
    scan: Scan,
    seen: Arc<Seen>,
}

impl<S> Strict<S> {
    pub(super) fn new(stream: S, seen: Arc<Seen>, head_bytes_max: usize) -> Self {
        Self { stream, scan: Scan::new(head_bytes_max), seen }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Strict<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let already = buf.filled().len();
        let poll = Pin::new(&mut this.stream).poll_read(cx, buf);
        if poll.is_ready() {
            let read = buf.filled().get(already..).unwrap_or_default();
            if let Some(fault) = this.scan.take(read) {
                this.seen.tell(this.scan.head, fault);
            }
        }
        poll
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Strict<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    /// The fault and the number of its head, whatever pieces the bytes come in.
    #[track_caller]
    fn found(text: &str) -> Option<(usize, Fault)> {
        let mut answers: Vec<_> = (1..=text.len().min(70))
            .map(|n_bytes| {
                let mut scan = Scan::new(60);
                let fault = text.as_bytes().chunks(n_bytes).find_map(|piece| scan.take(piece));
                fault.map(|fault| (scan.head, fault))
            })
            .collect();
        answers.dedup();
        assert_eq!(answers.len(), 1, "pieces decide: {answers:?}");
        answers.pop().unwrap()
    }

    #[test]
    fn faults_are_found_in_heads_and_never_in_bodies() {
        let post = |length: usize, body: &str| {
            format!("POST / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: {length}\r\n\r\n{body}")
        };
        for (title, text, fault) in [
            ("a plain head", "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), None),
            (
                "60 bytes of headers",
                format!("GET / HTTP/1.1\r\nA:{}\r\n\r\n", "b".repeat(56)),
                None,
            ),
            (
                "61 bytes of headers",
                format!("GET / HTTP/1.1\r\nA:{}\r\n\r\n", "b".repeat(57)),
                Some((0, Fault::TooLong)),
            ),
            ("empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), None),
            ("LF in a body", post(8, "a\nb\nc\nd\n"), None),
            ("a head in a body", post(28, "\nTransfer-Encoding: chunked\n"), None),
            ("a bare LF after a body", post(2, "abGET / HTTP/1.1\n"), Some((1, Fault::BareLf))),
            ("a bare LF", "GET / HTTP/1.1\nHost: a\r\n\r\n".to_owned(), Some((0, Fault::BareLf))),
            (
                "a bare LF as the end",
                "GET / HTTP/1.1\r\nHost: a\r\n\n".to_owned(),
                Some((0, Fault::BareLf)),
            ),
            (
                "chunked",
                "POST / HTTP/1.1\r\ntransfer-Encoding:chunked\r\n\r\n".to_owned(),
                Some((0, Fault::TransferEncoding)),
            ),
            (
                "two equal lengths",
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na".to_owned(),
                Some((0, Fault::TwoLengths)),
            ),
            (
                "a signed length",
                "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na".to_owned(),
                Some((0, Fault::NoLength)),
            ),
            (
                "a length of nothing",
                "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n".to_owned(),
                Some((0, Fault::NoLength)),
            ),
            ("a fragment", "GET /#a HTTP/1.1\r\n\r\n".to_owned(), Some((0, Fault::Fragment))),
        ] {
            assert_eq!(found(&text), fault, "{title}");
        }
    }

    #[test]
    fn a_fault_is_told_of_its_own_head_and_of_none_before() {
        let seen = Seen::default();
        assert_eq!(seen.fault_of(0), None);
        for fault in FAULTS {
            seen.tell(3, fault);
            assert_eq!((seen.fault_of(2), seen.fault_of(3)), (None, Some(fault)));
        }
    }
}
