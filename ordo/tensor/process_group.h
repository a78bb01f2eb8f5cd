// Several processes that train one model: LibTorch's process groups (Gloo on the CPU, NCCL on
// GPUs). Started by torchrun, mpirun or Slurm, whose variables the program hands over as a
// Rendezvous.
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
  double timeout = 300;  ///< seconds that a meeting or an exchange may take
};

class ProcessGroup {
 public:
  /// Waits until all have come. Throws IoError naming host and port on a time-out.
  static std::shared_ptr<ProcessGroup> join(const Rendezvous& rendezvous, torch::Device device);
  virtual ~ProcessGroup() = default;

  virtual int rank() const = 0;
  virtual int world() const = 0;
  /// In place: the mean over processes (floating types), the sum, rank 0's values. All processes
  /// must call in the same order with equal shapes. Throws IoError if a process is gone.
  virtual void all_reduce_mean(torch::Tensor& tensor) = 0;
  virtual void all_reduce_sum(torch::Tensor& tensor) = 0;
  virtual void broadcast(torch::Tensor& tensor) = 0;
  virtual void barrier() = 0;
};

}  // namespace ordo::tensor
