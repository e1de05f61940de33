# The image of every part: server, webhook and agent are one program.
#
#   docker build -t podpass:0.1.0 .
#
# The last stage holds the program, its libraries and the public CAs, and nothing else; deploy/image/collect lays them out.

FROM debian:bookworm AS build
WORKDIR /src
COPY packages.txt ./
COPY scripts/setup scripts/build scripts/console scripts/
COPY console/package.json console/package-lock.json console/.npmrc console/
# The public CAs go into the image.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && scripts/setup build
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake/
COPY src src/
COPY console console/
COPY bench bench/
COPY test test/
RUN scripts/build release podpass
COPY deploy/image deploy/image/
RUN strip --strip-unneeded -o podpass build/release/podpass && deploy/image/collect podpass image

FROM scratch
COPY --from=build /src/image /
COPY LICENSE /usr/share/doc/podpass/LICENSE
USER 65532:65532
ENTRYPOINT ["/usr/bin/podpass"]
CMD ["--help"]
