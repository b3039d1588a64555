#!/usr/bin/env bash
# An Apache Kafka that asks who one is, for tests: loopback only, its files and certificates in a folder of its own.
#
#   secure.sh certificates FOLDER                            two authorities, and what the first signed for server and client
#   secure.sh format FOLDER PLAIN SASL TLS CONTROLLER        settings and an empty log; ports of the listeners
#
# `kafka.sh run FOLDER` becomes the server. Users are `plain` (PLAIN) and `scram` (SCRAM-SHA-512), each with the password in
# FOLDER/password; the TLS listener asks for the client's certificate instead.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cluster=dHJpcG8wNG9zLXRlc3QtMg

say() { echo "$*" >&2; }

# authority NAME: a key and a certificate that signs itself.
authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=test authority $1" \
        -keyout "$1.key" -out "$1.pem" 2>openssl.log || { say "openssl could not make $1: $(tail -n 1 openssl.log)"; exit 1; }
}

# signed NAME [OPTIONS]: a key in PKCS 8 and a certificate for the loopback address, signed by `ca`.
signed() {
    local name=$1
    shift
    openssl req -newkey rsa:2048 -subj "/CN=$name" -addext "subjectAltName=IP:127.0.0.1,DNS:localhost" \
        -keyout "$name.key" -out "$name.csr" "$@" 2>openssl.log &&
        openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copyall \
            -out "$name.pem" 2>openssl.log || { say "openssl could not make $name: $(tail -n 1 openssl.log)"; exit 1; }
}

certificates() {
    command -v openssl >/dev/null || { say "openssl is missing: install it and try again"; exit 1; }
    mkdir -p "$1"
    cd "$1"
    authority ca
    authority other
    signed server -nodes
    signed client -passout pass:opensesame
    cat server.key server.pem >server.both.pem
    printf '0123456789\n' >password
}

format() {
    local folder=$1 plain=$2 sasl=$3 tls=$4 controller=$5 password
    password=$(cat "$folder/password")
    cat >"$folder/server.properties" <<SETTINGS
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$plain,SASL_SSL://127.0.0.1:$sasl,SSL://127.0.0.1:$tls,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$plain,SASL_SSL://127.0.0.1:$sasl,SSL://127.0.0.1:$tls
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_plain="$password";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location=$folder/server.both.pem
ssl.truststore.type=PEM
ssl.truststore.location=$folder/ca.pem
listener.name.ssl.ssl.client.auth=required
log.dirs=$folder/data
num.partitions=4
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
SETTINGS
    "$here/kafka.sh" tool kafka.tools.StorageTool format -t "$cluster" -c "$folder/server.properties" \
        --add-scram "SCRAM-SHA-512=[name=scram,password=$password]" >"$folder/format.log" 2>&1 ||
        { say "kafka's storage could not be formatted: $(tail -n 1 "$folder/format.log")"; exit 1; }
}

case ${1:-} in
certificates) certificates "$2" ;;
format) format "$2" "$3" "$4" "$5" "$6" ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
