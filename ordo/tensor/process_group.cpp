#include "ordo/tensor/process_group.h"

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/socket.h>
#include <torch/torch.h>
#include <unistd.h>

#include <netdb.h>

#define USE_C10D_GLOO  // LibTorch is built with it, but its headers do not say so
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "ordo/base/error.h"

namespace ordo::tensor {
namespace {

std::chrono::milliseconds timeout_of(const Rendezvous& rendezvous) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(1e3 * rendezvous.timeout));
}

std::string place_of(const Rendezvous& rendezvous) {
  return fmt::format("{}:{}", rendezvous.host, rendezvous.port);
}

// LibTorch's messages go on with a stack trace; the first line says what happened.
std::string reason_of(const std::exception& error) {
  const auto* own = dynamic_cast<const c10::Error*>(&error);
  const std::string_view text = own != nullptr ? own->what_without_backtrace() : error.what();
  return std::string(text.substr(0, text.find('\n')));
}

// While it lives, LibTorch writes no log: it would print, with stack traces, what we throw.
class Silence {
 public:
  Silence() { FLAGS_caffe2_log_level = 3; }  // fatal errors only
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() { FLAGS_caffe2_log_level = before_; }

 private:
  int before_ = FLAGS_caffe2_log_level;
};

// work(), with what LibTorch throws turned into an IoError that begins with `what`.
template <class Work>
auto guarded(const std::string& what, const Work& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw IoError(what + ": " + reason_of(error));
  }
}

// The numeric address of this machine on the way to `host`: others that found `host` can reach us
// there. Nothing is sent. (LibTorch would resolve our own name, which on Debian is 127.0.1.1.)
std::string own_address_towards(const std::string& host, int port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int status = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (status != 0) {
    throw IoError(fmt::format("cannot find the host '{}': {}", host, gai_strerror(status)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int socket = ::socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) continue;
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    auto* plain = reinterpret_cast<sockaddr*>(&own);
    char name[NI_MAXHOST] = "";
    const bool known =
        ::connect(socket, address->ai_addr, address->ai_addrlen) == 0 &&
        ::getsockname(socket, plain, &length) == 0 &&
        ::getnameinfo(plain, length, name, sizeof name, nullptr, 0, NI_NUMERICHOST) == 0;
    ::close(socket);
    if (known) return name;
  }
  throw IoError(fmt::format("this machine has no way to the host '{}'", host));
}

// One process is a group whose exchanges change nothing.
class Alone : public ProcessGroup {
 public:
  int rank() const override { return 0; }
  int world() const override { return 1; }
  void all_reduce_mean(torch::Tensor&) override {}
  void all_reduce_sum(torch::Tensor&) override {}
  void broadcast(torch::Tensor&) override {}
  void barrier() override {}
};

class Gloo : public ProcessGroup {
 public:
  explicit Gloo(const Rendezvous& rendezvous)
      : rendezvous_(rendezvous), store_(meet(rendezvous)), group_(connect(rendezvous, store_)) {}

  int rank() const override { return rendezvous_.rank; }
  int world() const override { return rendezvous_.world; }

  void all_reduce_mean(torch::Tensor& tensor) override {
    if (!tensor.is_floating_point() && !tensor.is_complex()) {
      throw UsageError(fmt::format("the mean over processes needs a floating type, not {}",
                                   c10::toString(tensor.scalar_type())));
    }
    all_reduce_sum(tensor);
    const torch::NoGradGuard no_grad;
    tensor.div_(world());
  }

  void all_reduce_sum(torch::Tensor& tensor) override {
    exchange(tensor, "the sum over processes",
             [&](std::vector<torch::Tensor>& tensors) { return group_->allreduce(tensors); });
  }

  void broadcast(torch::Tensor& tensor) override {
    exchange(tensor, "the broadcast",
             [&](std::vector<torch::Tensor>& tensors) { return group_->broadcast(tensors); });
  }

  void barrier() override {
    wait("the barrier", [&] { return group_->barrier(); });
  }

 private:
  using Store = c10::intrusive_ptr<c10d::Store>;
  using Group = c10::intrusive_ptr<c10d::ProcessGroupGloo>;

  static Store meet(const Rendezvous& rendezvous) {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(rendezvous.port);
    options.isServer = rendezvous.rank == 0 && rendezvous.listener == Rendezvous::Listener::rank0;
    options.numWorkers = static_cast<std::size_t>(rendezvous.world);
    options.waitWorkers = rendezvous.listener == Rendezvous::Listener::rank0;
    options.timeout = timeout_of(rendezvous);
    const std::string what =
        options.isServer ? fmt::format("cannot gather {} processes at {} within {} s",
                                       rendezvous.world, place_of(rendezvous), rendezvous.timeout)
                         : fmt::format("cannot meet the other processes at {} within {} s",
                                       place_of(rendezvous), rendezvous.timeout);
    return guarded(what, [&]() -> Store {
      auto store = c10::make_intrusive<c10d::TCPStore>(rendezvous.host, options);
      return c10::make_intrusive<c10d::PrefixStore>(rendezvous.name, std::move(store));
    });
  }

  static Group connect(const Rendezvous& rendezvous, const Store& store) {
    const std::string what = fmt::format("cannot connect the {} processes that met at {}",
                                         rendezvous.world, place_of(rendezvous));
    return guarded(what, [&] {
      auto options = c10d::ProcessGroupGloo::Options::create(timeout_of(rendezvous));
      options->threads = 1;
      options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(
          own_address_towards(rendezvous.host, rendezvous.port)));
      return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rendezvous.rank, rendezvous.world,
                                                         std::move(options));
    });
  }

  template <class Start>
  void wait(const char* what, const Start& start) const {
    const std::string failed = fmt::format(
        "{} failed in process {} of {} (met at {}): another process is gone, or was silent for {} "
        "s",
        what, rank(), world(), place_of(rendezvous_), rendezvous_.timeout);
    guarded(failed, [&] { start()->wait(timeout_of(rendezvous_)); });
  }

  // Gloo takes contiguous memory of the CPU; others are exchanged as a copy.
  template <class Start>
  void exchange(torch::Tensor& tensor, const char* what, const Start& start) const {
    if (tensor.numel() == 0) return;
    const torch::NoGradGuard no_grad;
    const torch::Tensor values = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous();
    std::vector<torch::Tensor> tensors = {values};
    wait(what, [&] { return start(tensors); });
    if (!values.is_alias_of(tensor)) tensor.copy_(values);
  }

  Rendezvous rendezvous_;
  Store store_;
  Group group_;
};

}  // namespace

std::shared_ptr<ProcessGroup> ProcessGroup::join(const Rendezvous& rendezvous,
                                                 torch::Device device) {
  if (rendezvous.rank < 0 || rendezvous.rank >= rendezvous.world) {
    throw UsageError(fmt::format("rank {} is not one of 0 to {}, as a world of {} processes has",
                                 rendezvous.rank, rendezvous.world - 1, rendezvous.world));
  }
  if (!device.is_cpu() && !device.is_cuda()) {
    throw UsageError("processes exchange tensors of cpu and cuda, not of " + device.str());
  }
  if (rendezvous.world == 1) return std::make_shared<Alone>();
  if (rendezvous.port < 1 || rendezvous.port > 65535) {
    throw UsageError(fmt::format("{} is no port to meet at; use 1 to 65535", rendezvous.port));
  }
  if (!(rendezvous.timeout > 0)) {
    throw UsageError(fmt::format("a time-out of {} s is not positive", rendezvous.timeout));
  }
  const Silence silence;
  return std::make_shared<Gloo>(rendezvous);
}

}  // namespace ordo::tensor
