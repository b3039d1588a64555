//! The requests this broker answers, in which versions, and what answers each.
//!
//! Newer versions are left out on purpose: they bring topic ids and batches of groups, which no client needs.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsResponse, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};

use super::state::Shared;
use super::{alter, fetch, groups, offsets, produce, shape, topics, transactions};

struct Api {
    key: ApiKey,
    min: i16,
    max: i16,
    /// From this version on lengths are varints and structures carry tagged fields.
    flexible: i16,
    /// See [`shape::check`].
    shape: &'static str,
}

const fn api(key: ApiKey, (min, max): (i16, i16), flexible: i16, shape: &'static str) -> Api {
    Api { key, min, max, flexible, shape }
}

const APIS: &[Api] = &[
    api(ApiKey::Produce, (3, 9), 9, "s 2 4 [ s [ 4 b ] ]"),
    api(ApiKey::Fetch, (4, 12), 12, "4 4 4 4 1 7:4 7:4 [ s [ 4 9:4 8 12:4 5:8 4 ] ] 7:[ s ( 4 ) ] 11:s"),
    api(ApiKey::ListOffsets, (1, 7), 6, "4 2:1 [ s [ 4 4:4 8 ] ]"),
    api(ApiKey::Metadata, (0, 9), 9, "[ s ] 4:1 8:1 8:1"),
    api(ApiKey::OffsetCommit, (2, 8), 8, "s 4 s 7:s 2-4:8 [ s [ 4 8 6:4 s ] ]"),
    api(ApiKey::OffsetFetch, (1, 7), 6, "s [ s ( 4 ) ] 7:1"),
    api(ApiKey::FindCoordinator, (0, 3), 3, "s 1:1"),
    api(ApiKey::JoinGroup, (0, 7), 6, "s 4 1:4 s 5:s s [ s b ]"),
    api(ApiKey::Heartbeat, (0, 4), 4, "s 4 s 3:s"),
    api(ApiKey::LeaveGroup, (0, 4), 4, "s 0-2:s 3:[ s s ]"),
    api(ApiKey::SyncGroup, (0, 5), 4, "s 4 s 3:s 5:s 5:s [ s b ]"),
    api(ApiKey::DescribeGroups, (0, 5), 5, "( s ) 3:1"),
    api(ApiKey::ListGroups, (0, 4), 3, "4:( s )"),
    api(ApiKey::DeleteGroups, (0, 2), 2, "( s )"),
    api(ApiKey::ApiVersions, (0, 3), 3, "3:s 3:s"),
    api(ApiKey::CreateTopics, (2, 6), 5, "[ s 4 2 [ 4 ( 4 ) ] [ s s ] ] 4 1"),
    api(ApiKey::DeleteTopics, (1, 5), 4, "( s ) 4"),
    api(ApiKey::DeleteRecords, (0, 2), 2, "[ s [ 4 8 ] ] 4"),
    api(ApiKey::InitProducerId, (0, 4), 2, "s 4 3:8 3:2"),
    api(ApiKey::AddPartitionsToTxn, (0, 3), 3, "s 8 2 [ s ( 4 ) ]"),
    api(ApiKey::AddOffsetsToTxn, (0, 3), 3, "s 8 2 s"),
    api(ApiKey::EndTxn, (0, 3), 3, "s 8 2 1"),
    api(ApiKey::TxnOffsetCommit, (0, 3), 3, "s s 8 2 3:4 3:s 3:s [ s [ 4 8 2:4 s ] ]"),
    api(ApiKey::DescribeConfigs, (1, 4), 4, "[ 1 s ( s ) ] 1:1 3:1"),
    api(ApiKey::AlterConfigs, (0, 2), 2, "[ 1 s [ s s ] ] 1"),
    api(ApiKey::IncrementalAlterConfigs, (0, 1), 1, "[ 1 s [ s 1 s ] ] 1"),
    api(ApiKey::DescribeCluster, (0, 1), 0, "1 1:1"),
];

/// The request makes no sense: its connection is closed.
#[derive(Debug)]
pub(super) struct Unreadable;

/// Answers one request; the answer comes with its length in front. A producer may ask for none.
pub(super) async fn answer(shared: &Shared, mut frame: Bytes) -> Result<Option<BytesMut>, Unreadable> {
    let [key, version, id] = prefix(&frame).ok_or(Unreadable)?;
    let api = APIS.iter().find(|api| i32::from(api.key as i16) == key).ok_or(Unreadable)?;
    let version = version as i16;
    if version < api.min || version > api.max {
        // Only the question which versions there are has an answer in any version: that of version 0.
        let asks = api.key == ApiKey::ApiVersions && version > api.max;
        let answer = versions().with_error_code(Error::UnsupportedVersion.code());
        return if asks { write(api, (0, id), &answer).map(Some) } else { Err(Unreadable) };
    }
    let header = RequestHeader::decode(&mut frame, api.key.request_header_version(version));
    let client = header.map_err(|_| Unreadable)?.client_id.unwrap_or_default();
    shape::check(api.shape, version, version >= api.flexible, &frame).map_err(|_| Unreadable)?;
    dispatch(shared, api, (version, id, client), frame).await
}

/// Key, version and correlation id.
fn prefix(frame: &[u8]) -> Option<[i32; 3]> {
    let (head, _) = frame.split_first_chunk::<8>()?;
    let [a, b, c, d, id @ ..] = *head;
    Some([i32::from(i16::from_be_bytes([a, b])), i32::from(i16::from_be_bytes([c, d])), i32::from_be_bytes(id)])
}

async fn dispatch(
    shared: &Shared,
    api: &Api,
    (version, id, client): (i16, i32, StrBytes),
    mut body: Bytes,
) -> Result<Option<BytesMut>, Unreadable> {
    macro_rules! request {
        () => {
            &Decodable::decode(&mut body, version).map_err(|_| Unreadable)?
        };
    }
    macro_rules! answer {
        ($answer:expr) => {
            write(api, (version, id), &$answer)
        };
    }
    let answer = match api.key {
        ApiKey::Produce => {
            let request: &kafka_protocol::messages::ProduceRequest = request!();
            let answer = produce::produce(shared, request).await;
            if request.acks == 0 {
                return Ok(None);
            }
            answer!(answer)
        }
        ApiKey::Fetch => answer!(fetch::fetch(shared, request!()).await),
        ApiKey::ListOffsets => answer!(fetch::list_offsets(shared, request!())),
        ApiKey::Metadata => answer!(topics::metadata(shared, request!(), version)),
        ApiKey::OffsetCommit => answer!(offsets::commit(shared, request!())),
        ApiKey::OffsetFetch => answer!(offsets::fetch(shared, request!())),
        ApiKey::FindCoordinator => answer!(topics::coordinator(shared)),
        ApiKey::JoinGroup => answer!(groups::join(shared, request!(), &client).await),
        ApiKey::Heartbeat => answer!(groups::heartbeat(shared, request!())),
        ApiKey::LeaveGroup => answer!(groups::leave(shared, request!(), version)),
        ApiKey::SyncGroup => answer!(groups::sync(shared, request!()).await),
        ApiKey::DescribeGroups => answer!(groups::describe(shared, request!())),
        ApiKey::ListGroups => answer!(groups::list(shared, request!())),
        ApiKey::DeleteGroups => answer!(groups::delete(shared, request!())),
        ApiKey::ApiVersions => answer!(versions()),
        ApiKey::CreateTopics => answer!(topics::create(shared, request!())),
        ApiKey::DeleteTopics => answer!(topics::delete(shared, request!())),
        ApiKey::DeleteRecords => answer!(topics::delete_records(shared, request!())),
        ApiKey::InitProducerId => answer!(transactions::init_producer_id(shared, request!(), version)),
        ApiKey::AddPartitionsToTxn => answer!(transactions::add_partitions(shared, request!(), version)),
        ApiKey::AddOffsetsToTxn => answer!(transactions::add_offsets(shared, request!(), version)),
        ApiKey::EndTxn => answer!(transactions::end(shared, request!(), version)),
        ApiKey::TxnOffsetCommit => answer!(transactions::commit_offsets(shared, request!(), version)),
        ApiKey::DescribeConfigs => answer!(alter::describe(shared, request!())),
        ApiKey::AlterConfigs => answer!(alter::alter(shared, request!())),
        ApiKey::IncrementalAlterConfigs => answer!(alter::alter_some(shared, request!())),
        ApiKey::DescribeCluster => answer!(topics::describe_cluster(shared)),
        _ => Err(Unreadable),
    };
    answer.map(Some)
}

fn versions() -> ApiVersionsResponse {
    let keys = APIS.iter().map(|api| {
        ApiVersion::default().with_api_key(api.key as i16).with_min_version(api.min).with_max_version(api.max)
    });
    ApiVersionsResponse::default().with_api_keys(keys.collect())
}

/// A response behind its length.
fn write(api: &Api, (version, id): (i16, i32), answer: &impl Encodable) -> Result<BytesMut, Unreadable> {
    let size = answer.compute_size(version).map_err(|_| Unreadable)?;
    let mut out = BytesMut::with_capacity(size + 16);
    out.put_i32(0);
    let header = ResponseHeader::default().with_correlation_id(id);
    header.encode(&mut out, api.key.response_header_version(version)).map_err(|_| Unreadable)?;
    answer.encode(&mut out, version).map_err(|_| Unreadable)?;
    let length = i32::try_from(out.len() - 4).map_err(|_| Unreadable)?;
    out[..4].copy_from_slice(&length.to_be_bytes());
    Ok(out)
}
