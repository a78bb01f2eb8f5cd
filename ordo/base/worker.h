// A worker is a program that loads once and then runs many cells, each in a fork of its own
// (docs/events.md, "Workers"). Forking must come before any thread starts.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace ordo {

/// Descriptors that come with each cell: standard input, output, error, and events.
inline constexpr int kWorkerDescriptors = 4;

/// Serves the socket `descriptor` (from ORDO_WORKER_FD) until its other end closes: for each cell
/// forks, sets folder, environment and descriptors, and ends with the status that run(arguments)
/// returns. A cell that crashes harms neither the worker nor the next cell, and what it leaves
/// running is killed. Throws IoError if the socket fails, InputError if a line on it is malformed.
void serve_worker(int descriptor,
                  const std::function<int(const std::vector<std::string>& arguments)>& run);

/// Sends bytes over a Unix socket with descriptors that travel with the first of them. Waits as
/// long as the socket is full. Throws IoError.
void send_with_descriptors(int socket, const std::string& bytes,
                           const std::vector<int>& descriptors);

}  // namespace ordo
