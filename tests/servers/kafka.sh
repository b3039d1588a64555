#!/usr/bin/env bash
# A real Apache Kafka for tests, one node or several: loopback only, the files of each in a folder of its own.
#
#   kafka.sh install                       packages from Maven Central into kafka/libs (JDK 17+, Maven; by apt if allowed)
#   kafka.sh format FOLDER PORT CONTROLLER settings and an empty log of the only node
#   kafka.sh node FOLDER PORT NUMBER CONTROLLERS...
#                                          the same of one of several, with the controller ports of all of them
#   kafka.sh run FOLDER                    becomes the server; KAFKA_HEAP replaces the options of its heap
#   kafka.sh tool CLASS ARGUMENTS...       runs one of Kafka's command line tools
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
libs=$here/kafka/libs
classpath="$libs/*:$here/kafka"
cluster=dHJpcG8wNG9zLXRlc3QtMQ

say() { echo "$*" >&2; }

# need COMMAND PACKAGE: installs what is missing if this is root on a Debian-like system.
need() {
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update -q && apt-get install -q -y --no-install-recommends "$2"; } >/dev/null 2>&1 || true
    fi
    command -v "$1" >/dev/null || { say "$1 is missing and could not be installed: install $2 and try again"; exit 1; }
}

install() {
    need java default-jre-headless
    mkdir -p "$libs"
    # One at a time: two test runs may want the packages at once.
    exec 9>"$libs/lock"
    if command -v flock >/dev/null; then flock 9; fi
    [ -e "$libs/complete" ] && return
    need mvn maven
    mvn -q -B -f "$here/kafka/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$libs" >"$here/kafka/install.log" 2>&1 ||
        { say "maven could not fetch kafka's packages: see tests/servers/kafka/install.log"; exit 1; }
    touch "$libs/complete"
}

# The timers are short so that tests of timeouts, retention and compaction end soon.
format() {
    node "$1" "$2" 1 "$3"
}

# With several nodes everything has three copies, of which two must have what is acknowledged.
node() {
    local folder=$1 port=$2 number=$3 voters="" other=0 copies=1 enough=1
    shift 3
    [ $# -lt 3 ] || { copies=3; enough=2; }
    for other in $(seq $#); do voters+=,$other@127.0.0.1:${!other}; done
    local controller=${!number}
    mkdir -p "$folder"
    [ ! -e "$folder/server.properties" ] || { say "$folder holds a server already: take another folder"; exit 1; }
    cat >"$folder/server.properties" <<SETTINGS
process.roles=broker,controller
node.id=$number
controller.quorum.voters=${voters#,}
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=$folder/data
num.network.threads=2
num.io.threads=4
num.partitions=4
auto.create.topics.enable=true
default.replication.factor=$copies
min.insync.replicas=$enough
offsets.topic.replication.factor=$copies
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$enough
transaction.state.log.num.partitions=4
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$enough
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.min.heartbeat.interval.ms=500
group.consumer.heartbeat.interval.ms=500
log.cleaner.backoff.ms=300
log.cleaner.dedupe.buffer.size=16777216
log.initial.task.delay.ms=500
log.retention.check.interval.ms=500
SETTINGS
    java -Xmx256m -cp "$classpath" kafka.tools.StorageTool format -t "$cluster" -c "$folder/server.properties" \
        >"$folder/format.log" 2>&1 || { say "kafka's storage could not be formatted: $(tail -n 1 "$folder/format.log")"; exit 1; }
}

case ${1:-} in
install) install ;;
format) format "$2" "$3" "$4" ;;
node) node "${@:2}" ;;
run) exec java ${KAFKA_HEAP:--Xms256m -Xmx512m -XX:+UseG1GC} -cp "$classpath" kafka.Kafka "$2/server.properties" ;;
tool)
    shift
    exec java -Xmx256m -cp "$classpath" "$@"
    ;;
*)
    sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
