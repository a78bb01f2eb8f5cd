// Several processes that train one model: LibTorch's process group over Gloo (TCP), also for
// tensors on GPUs, which travel through the CPU's memory: NCCL would be faster there, but its
// headers and those of LibTorch's NCCL group need a CUDA toolkit. Processes are started by
// torchrun, mpirun or Slurm, whose variables the program hands over as a Rendezvous.
#pragma once

#include <memory>
#include <string>

#include <torch/types.h>

namespace ordo::tensor {

/// Who we are among the processes and where they meet.
struct Rendezvous {
  int rank = 0;                    ///< 0, ..., world - 1
  int world = 1;                   ///< number of processes
  std::string host = "127.0.0.1";  ///< where rank 0 listens
  int port = 29500;
  /// Who listens at host:port: rank 0, or already the launcher (torchrun's agent does, and says so
  /// by TORCHELASTIC_USE_AGENT_STORE=True).
  enum class Listener { rank0, launcher } listener = Listener::rank0;
  std::string name = "ordo";  ///< groups that meet at one place differ in it (torchrun's attempts)
  double timeout = 300;       ///< seconds that a meeting or an exchange may take
};

class ProcessGroup {
 public:
  /// Waits until all have come, to exchange tensors of `device` (the CPU or CUDA). Throws IoError
  /// naming host and port on a time-out, UsageError for a rank outside of the world. A world of one
  /// needs no network.
  static std::shared_ptr<ProcessGroup> join(const Rendezvous& rendezvous, torch::Device device);
  virtual ~ProcessGroup() = default;

  virtual int rank() const = 0;
  virtual int world() const = 0;
  /// In place: the mean over processes (floating types), the sum, rank 0's values. All processes
  /// must call in the same order with equal shapes, and get equal bits. Throws IoError if a process
  /// is gone or silent for longer than the time-out; the group is of no use then.
  virtual void all_reduce_mean(torch::Tensor& tensor) = 0;
  virtual void all_reduce_sum(torch::Tensor& tensor) = 0;
  virtual void broadcast(torch::Tensor& tensor) = 0;
  virtual void barrier() = 0;
};

}  // namespace ordo::tensor
