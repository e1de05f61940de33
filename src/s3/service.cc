#include "s3/service.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "aws/commit.h"
#include "base/log.h"
#include "s3/address.h"
#include "s3/blobs.h"
#include "s3/disk.h"
#include "s3/errors.h"
#include "s3/operations.h"
#include "s3/receive.h"

namespace podpass::s3 {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kDiskThreads = 4;
constexpr std::uint64_t kMaxDocumentBytes = 2 * 1024 * 1024;  // DeleteObjects: 1,000 keys of 1 KiB and their tags
constexpr std::size_t kObjectsScanned = 1'000;

using BlobId = std::array<char, 32>;

BlobId blob_id(std::string_view text) {
  BlobId id{};
  std::ranges::copy(text.substr(0, id.size()), id.begin());
  return id;
}

// Sorted.
std::vector<BlobId> blobs_in_use(store::Store& store) {
  std::vector<BlobId> ids;
  std::vector<std::string> last;
  while (true) {
    auto tx = store.begin();  // a new one each time: what it decodes lives as long as it does
    auto rows = tx.scan(kObjects, {}, kObjectsScanned, store::KeyParts(last.begin(), last.end()));
    for (const auto& row : rows) {
      if (!row.record->blob.empty()) ids.push_back(blob_id(row.record->blob));
    }
    if (rows.size() < kObjectsScanned) break;
    last = rows.back().key;
  }
  std::ranges::sort(ids);
  return ids;
}

// A conflict of the store or of a blob that went away, not an error for the client.
bool is_rerun(const Error& error) {
  return error.kind == ErrorKind::conflict && error.code.empty();
}

}  // namespace

struct Service::State {
  State(store::Store& store, const aws::Deployment& deployment, std::unique_ptr<Blobs> blobs)
      : store(store),
        deployment(deployment),
        host(host_of(deployment.endpoint)),
        blobs(std::move(blobs)),
        disk(kDiskThreads) {}
  ~State() { stopping = true; }

  asio::awaitable<Result<http::Response>> answer(Exchange& exchange);
  asio::awaitable<Result<http::Response>> act(Exchange& exchange, const Operation& operation, Input& input);
  asio::awaitable<Result<http::Response>> transact(Exchange& exchange, const Operation& operation, const Input& input);
  Result<void> admit(Exchange& exchange, const Operation& operation, const Input& input);
  aws::Call call(Exchange& exchange, store::Transaction& tx) const;
  std::size_t collect();

  store::Store& store;
  const aws::Deployment& deployment;
  const std::string host;
  const std::unique_ptr<Blobs> blobs;
  std::atomic<bool> stopping = false;
  Disk disk;  // last: its threads end before what they use
};

aws::Call Service::State::call(Exchange& exchange, store::Transaction& tx) const {
  return {tx, deployment, exchange.caller, exchange.context, exchange.now, exchange.request_id, exchange.audit};
}

Result<void> Service::State::admit(Exchange& exchange, const Operation& operation, const Input& input) {
  auto tx = store.begin();
  auto tried = call(exchange, tx);
  std::vector<std::string> released;
  Run run{tried, input, *blobs, released};
  return operation.admit(run);
}

asio::awaitable<Result<http::Response>> Service::State::transact(Exchange& exchange, const Operation& operation,
                                                                 const Input& input) {
  Error last = Error::unavailable("Please reduce your request rate.", "too many conflicts");
  for (int i = 0; i < store::kMaxReruns; ++i) {
    auto tx = store.begin();
    std::vector<std::string> released;
    Result<http::Response> response = http::Response();
    {
      auto tried = call(exchange, tx);
      Run run{tried, input, *blobs, released};
      response = operation.run(run);
    }
    if (!response) {
      if (!is_rerun(response.error())) co_return response;
      last.cause = response.error().cause;
      continue;
    }
    if (!tx.has_writes()) co_return response;
    auto committed = co_await aws::commit(store, std::move(tx));
    if (committed) {
      if (input.upload && input.upload->blob) input.upload->blob->keep();
      if (!released.empty()) {
        disk.start([this, released = std::move(released)] {
          for (const auto& id : released) blobs->remove(id);
        });
      }
      co_return response;
    }
    if (!is_rerun(committed.error())) {
      // It may have become durable all the same. Whichever file is left over then is collected at the next start.
      if (input.upload && input.upload->blob) input.upload->blob->keep();
      co_return std::move(committed).error();
    }
  }
  co_return last;
}

asio::awaitable<Result<http::Response>> Service::State::act(Exchange& exchange, const Operation& operation,
                                                            Input& input) {
  if (operation.takes == Takes::nothing) co_return co_await transact(exchange, operation, input);
  if (operation.admit) {
    auto admitted = admit(exchange, operation, input);
    if (!admitted) co_return std::move(admitted).error();
  }
  auto check = BodyCheck::of(exchange.request, exchange.body.length(), std::move(exchange.payload),
                             operation.takes == Takes::object ? kMaxObjectBytes : kMaxDocumentBytes);
  if (!check) co_return std::move(check).error();
  if (operation.takes == Takes::object) {
    auto upload = co_await receive_object(exchange.body, std::move(*check), *blobs, disk);
    if (!upload) co_return std::move(upload).error();
    input.upload = &*upload;
    co_return co_await transact(exchange, operation, input);
  }
  auto document = co_await receive_document(exchange.body, std::move(*check));
  if (!document) co_return std::move(document).error();
  input.body = *document;
  co_return co_await transact(exchange, operation, input);
}

asio::awaitable<Result<http::Response>> Service::State::answer(Exchange& exchange) {
  auto address = address_of(exchange.request, host);
  if (!address) co_return std::move(address).error();
  if (!address->bucket.empty()) exchange.audit.add("bucketName", address->bucket);
  if (!address->key.empty()) exchange.audit.add("key", address->key);
  auto query = codec::parse_query_string(exchange.request.query);
  if (!query) co_return error("InvalidURI", {{"URI", std::string(exchange.request.path)}});
  auto operation = find_operation(exchange.request, address->kind(), *query);
  if (!operation) co_return std::move(operation).error();
  exchange.operation = (*operation)->name;
  exchange.access = (*operation)->access;
  Input input{exchange.request, *address, *query, exchange.credentialed, {}, nullptr};
  co_return co_await act(exchange, **operation, input);
}

std::size_t Service::State::collect() {
  const auto used = blobs_in_use(store);
  return blobs->collect([&](std::string_view id) { return std::ranges::binary_search(used, blob_id(id)); },
                        [&] { return stopping.load(); });
}

Result<std::unique_ptr<Service>> Service::open(store::Store& store, const aws::Deployment& deployment,
                                               std::filesystem::path blob_directory) {
  auto blobs = TRY(Blobs::open(std::move(blob_directory), *deployment.clock, *deployment.random));
  std::unique_ptr<Service> service(new Service(std::make_unique<State>(store, deployment, std::move(blobs))));
  auto& state = *service->state_;
  state.disk.start([&state] {
    if (auto removed = state.collect())
      log::info("s3: removed " + std::to_string(removed) + " files that no object has");
  });
  return service;
}

Service::Service(std::unique_ptr<State> state) : state_(std::move(state)) {}
Service::~Service() {
  state_->stopping = true;
}

std::size_t Service::collect_orphans() {
  return state_->collect();
}

asio::awaitable<http::Response> Service::serve(Exchange& exchange) {
  auto response = co_await state_->answer(exchange);
  if (!response) {
    name_error(response.error());
    exchange.error = response.error();
    co_return error_response(std::move(response).error(), exchange.request, exchange.request_id);
  }
  add_request_id(*response, exchange.request_id);
  if (exchange.request.method == "HEAD") response->head = true;
  co_return std::move(*response);
}

}  // namespace podpass::s3
