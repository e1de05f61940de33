#include "store/store.h"

#include <future>

#include "base/check.h"
#include "store/transaction_state.h"
#include "store/writer.h"

namespace podpass::store {

Result<std::unique_ptr<Store>> Store::open(std::unique_ptr<Backend> backend) {
  auto writer = TRY(Writer::start(std::move(backend)));
  return std::unique_ptr<Store>(new Store(std::move(writer)));
}

Store::Store(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
Store::~Store() = default;

Transaction Store::begin() const {
  return Transaction(std::make_unique<TransactionState>(writer_->newest()));
}

std::uint64_t Store::version() const {
  return writer_->version();
}

void Store::commit(Transaction transaction, Done done) {
  auto state = std::move(transaction.state_);
  CHECK(state);
  if (state->failure) return done(std::move(*state->failure));
  if (state->writes.empty()) return done({});
  writer_->submit(std::move(state), std::move(done));
}

void Store::observe(std::string_view table, Observer observer) {
  if (!observer) return writer_->observe({}, nullptr);
  writer_->observe(std::string(table), [observer = std::move(observer)](Writer::Step change) {
    Transaction before(std::make_unique<TransactionState>(std::move(change.before)));
    Transaction after(std::make_unique<TransactionState>(std::move(change.after)));
    TableChange told{before, after, {}, change.everything};
    for (const auto& full : change.keys) told.keys.push_back(parts_of(tail_of(full)));
    observer(told);
  });
}

Result<void> Store::run(const std::function<Result<void>(Transaction&)>& body) {
  for (int attempt = 0; attempt <= kMaxReruns; ++attempt) {
    auto transaction = begin();
    TRY(body(transaction));
    std::promise<Result<void>> promise;
    auto future = promise.get_future();
    commit(std::move(transaction),
           [promise = std::move(promise)](Result<void> result) mutable { promise.set_value(std::move(result)); });
    auto result = future.get();
    if (result || result.error().kind != ErrorKind::conflict) return result;
  }
  return Error::unavailable("Too many others change the same. Try again.", "conflict after the last rerun");
}

Store::Figures Store::figures() const {
  return writer_->figures();
}

}  // namespace podpass::store
