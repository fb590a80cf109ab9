//! A finished export as one stream of bytes.

use super::handle::Handout;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use std::{
    fs::File,
    io::{self, Read, Write},
    path::PathBuf,
};
use tokio::{sync::mpsc, task};
use watchwall_evidence::pack;

const BLOCK_BYTES: usize = 256 * 1024;
/// Blocks between the disk and a slow reader; the disk waits when it is full.
const BLOCKS: usize = 4;

/// A ZIP on its way.
pub struct Packed {
    /// Known where the archive lies on the disk.
    pub len: Option<u64>,
    /// Ends with an error when a file cannot be read; a reader that goes away ends the packing.
    pub blocks: BoxStream<'static, io::Result<Bytes>>,
}

/// Begins to send; one blocking thread packs or reads until the reader has all or goes away.
pub fn send(handout: Handout, len: Option<u64>) -> Packed {
    let (sender, receiver) = mpsc::channel(BLOCKS);
    let blocks = stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    task::spawn_blocking(move || {
        let mut channel = Channel { sender, block: Vec::with_capacity(BLOCK_BYTES) };
        let sent = match handout {
            Handout::Folder(folder) => pack(&folder, &mut channel, |_| true).map_err(io::Error::other),
            Handout::Archive(file) => copy(file, &mut channel),
        };
        // The answer has begun: breaking it off is all that tells of a failure.
        if let Err(error) = sent.and_then(|()| channel.flush()) {
            tracing::warn!(error = %error, "an export could not be sent whole");
            let _ = channel.sender.blocking_send(Err(error));
        }
    });
    Packed { len, blocks: blocks.boxed() }
}

fn copy(file: PathBuf, out: &mut Channel) -> io::Result<()> {
    let mut source = File::open(file)?;
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match source.read(&mut block)? {
            0 => return Ok(()),
            n => out.write_all(&block[..n])?,
        }
    }
}

/// Gathers small writes into blocks.
struct Channel {
    sender: mpsc::Sender<io::Result<Bytes>>,
    block: Vec<u8>,
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block.extend_from_slice(bytes);
        if self.block.len() >= BLOCK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let block = Bytes::from(std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK_BYTES)));
        self.sender.blocking_send(Ok(block)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
