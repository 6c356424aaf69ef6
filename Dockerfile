# Breakwater as an image; docs/docker.md says how to run it. The builders of Docker 20.10 and later build it, without
# BuildKit too.

FROM maven:3.9-eclipse-temurin-17 AS build
WORKDIR /src
COPY . .
RUN mvn -B -ntp -Dmaven.test.skip=true -pl lb-dist -am package
# The archive as it is, but its libraries, which change less often than the program, in a layer of their own.
RUN mkdir -p /out/app /out/libraries \
    && tar -xzf lb-dist/target/breakwater-*.tar.gz -C /out/app --strip-components 1 \
    && mv /out/app/lib /out/lib && mkdir /out/app/lib \
    && mv /out/lib/lb-*.jar /out/app/lib/ \
    && mv /out/lib/*.jar /out/libraries/

FROM eclipse-temurin:25-jre
LABEL org.opencontainers.image.title="Breakwater" \
      org.opencontainers.image.description="A health-aware HTTP load balancer with one circuit breaker per backend" \
      org.opencontainers.image.licenses="Apache-2.0"
# Where relative paths of a configuration lie: a queue of writes, log files. A new volume takes over its owner.
RUN mkdir -p /var/lib/breakwater && chown 10001:10001 /var/lib/breakwater
COPY --from=build /out/libraries/ /opt/breakwater/lib/
COPY --from=build /out/app/ /opt/breakwater/
# For the Java that will run it, and as root: the process itself writes nothing there.
RUN /opt/breakwater/bin/lb train
# No user of the host has this number, and Kubernetes sees by it that this is not root.
USER 10001:10001
WORKDIR /var/lib/breakwater
# Within a container nobody else is on the loopback interface. Without ADMIN_TOKEN this port then takes no writes.
ENV ADMIN_HOST=0.0.0.0
EXPOSE 3000 9901
# lb execs java, so the signal reaches it: a drain, then exit code 0.
STOPSIGNAL SIGTERM
# What JAVA_OPTS says is for the balancer: a second JVM must not open its debug port.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD JAVA_OPTS=-XX:TieredStopAtLevel=1 /opt/breakwater/bin/lb ping
ENTRYPOINT ["/opt/breakwater/bin/lb"]
