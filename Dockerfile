# The image that deploy/kubernetes/overlay.yaml runs: docker build -t overlay:0.1.0 .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# The two native programs are linked with it.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev binutils && rm -rf /var/lib/apt/lists/*
COPY . .
RUN deploy/publish.sh /out

# The system that the programs were linked on, with what .NET needs: OpenSSL for the API server and etcd.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0
# nft for the node's rules, iptables where its FORWARD chain drops.
RUN apt-get update \
    && apt-get install -y --no-install-recommends nftables iptables \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/overlayd /out/overlayctl /out/overlay /usr/local/bin/
# For flannel's own manifests, of which only the image is changed then: started under that name it takes flanneld's flags.
RUN mkdir -p /opt/bin && ln -s /usr/local/bin/overlayd /opt/bin/flanneld
COPY --from=build /out/THIRD-PARTY-NOTICES /source/LICENSE /usr/local/share/doc/overlay/
# A read-only root file system has no place for the debugger's socket.
ENV DOTNET_EnableDiagnostics=0
# Not as another user: what the daemon writes lies in the host's directories, which are root's. What it may do is the
# manifest's to say: two capabilities.
ENTRYPOINT ["overlayd"]
