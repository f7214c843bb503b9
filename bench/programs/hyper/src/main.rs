//! Pings the engine at the address that is given and prints how many containers it has.

use std::error::Error;

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "unix:///run/docker.sock".to_owned());
    let stream = UnixStream::connect(address.trim_start_matches("unix://")).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut answers = Vec::new();
    for target in ["/_ping", "/v1.41/containers/json?all=true"] {
        sender.ready().await?;
        let request = Request::builder().uri(target).header("host", "localhost");
        let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
        answers.push(answer.into_body().collect().await?.to_bytes());
    }
    let containers: Value = serde_json::from_slice(&answers[1])?;
    let count = containers.as_array().map_or(0, Vec::len);
    println!("{} {count}", String::from_utf8_lossy(&answers[0]));
    Ok(())
}
