# The image that deploy/kubernetes/overlay.yaml runs: docker build -t overlay:0.1.0 .
# For both architectures at once: docker buildx build --platform linux/amd64,linux/arm64 …
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
# Without values of ours: the builder's own are taken only then.
ARG BUILDARCH
ARG TARGETARCH
WORKDIR /source
# The two native programs are linked with it.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev binutils \
        $([ "${BUILDARCH:-}" = "${TARGETARCH:-}" ] || case "$TARGETARCH" in \
            arm64) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;; \
            amd64) echo gcc-x86-64-linux-gnu libc6-dev-amd64-cross ;; esac) \
    && rm -rf /var/lib/apt/lists/*
COPY . .
RUN deploy/publish.sh ${TARGETARCH:+--arch "$TARGETARCH"} /out

# The system that the programs were linked on, with what .NET needs: OpenSSL for the API server and etcd.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0
LABEL org.opencontainers.image.title="overlay" \
    org.opencontainers.image.description="VXLAN data plane for Kubernetes nodes, in flannel's formats" \
    org.opencontainers.image.licenses="MIT"
# nft for the node's rules, iptables where its FORWARD chain drops.
RUN apt-get update \
    && apt-get install -y --no-install-recommends nftables iptables \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/overlayd /out/overlayctl /out/overlay /usr/local/bin/
# For flannel's own manifests, of which only the image is changed then: under the one name it takes flanneld's flags,
# under the other it copies the CNI configuration.
RUN mkdir -p /opt/bin && for name in flanneld install-conf; do ln -s /usr/local/bin/overlayd /opt/bin/$name; done
COPY --from=build /out/THIRD-PARTY-NOTICES /source/LICENSE /usr/local/share/doc/overlay/
# A read-only root file system has no place for the debugger's socket.
ENV DOTNET_EnableDiagnostics=0
# Not as another user: what the daemon writes lies in the host's directories, which are root's. What it may do is the
# manifest's to say: two capabilities.
ENTRYPOINT ["overlayd"]
