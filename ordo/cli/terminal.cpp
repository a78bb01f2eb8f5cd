#include "ordo/cli/terminal.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ordo::cli {
namespace {

constexpr auto kRedrawEvery = std::chrono::milliseconds(100);
constexpr std::size_t kBarCells = 24;
constexpr std::size_t kMetricsShown = 3;

std::string bar(double fraction) {
  const auto filled = static_cast<std::size_t>(
      std::lround(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(kBarCells)));
  std::string text = "[";
  text.append(filled, '#').append(kBarCells - filled, '.');
  return text + "]";
}

}  // namespace

int terminal_width(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string human_seconds(double seconds) {
  if (!std::isfinite(seconds)) return "?";
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long>(std::lround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

TerminalSink::TerminalSink(std::FILE* stream, Detail detail)
    : stream_(stream), detail_(detail), is_terminal_(::isatty(::fileno(stream)) == 1) {}

TerminalSink::~TerminalSink() { clear(); }

void TerminalSink::clear() {
  const std::lock_guard lock(mutex_);
  clear_line();
}

void TerminalSink::hide_progress() {
  const std::lock_guard lock(mutex_);
  clear_line();
  progress_hidden_ = true;
}

void TerminalSink::clear_line() {
  if (!line_shown_) return;
  std::fputs("\r\x1b[K", stream_);
  std::fflush(stream_);
  line_shown_ = false;
}

void TerminalSink::emit(const Event& event) {
  const std::lock_guard lock(mutex_);
  if (const auto* message = std::get_if<Message>(&event.body)) {
    const bool warning = message->level == Message::Level::warning;
    if (detail_ == Detail::warnings_only && !warning) return;
    clear_line();
    fmt::print(stream_, "{}{}\n", warning ? "warning: " : "", message->text);
  } else if (const auto* metric = std::get_if<Metric>(&event.body)) {
    latest_[metric->name] = metric->value;
  } else if (const auto* progress = std::get_if<Progress>(&event.body)) {
    if (detail_ == Detail::all && is_terminal_ && !progress_hidden_) draw(*progress);
  }
}

void TerminalSink::draw(const Progress& progress) {
  const Clock::time_point now = Clock::now();
  if (progress.task != task_) {
    task_ = progress.task;
    task_start_ = now;
    last_draw_ = {};
  }
  const bool finished = progress.total > 0 && progress.done >= progress.total;
  if (now - last_draw_ < kRedrawEvery && !finished) return;
  last_draw_ = now;

  const double elapsed = std::chrono::duration<double>(now - task_start_).count();
  std::string line = progress.task;
  if (progress.total > 0) {
    const double fraction = progress.done / progress.total;
    line += fmt::format(" {} {:g}/{:g} {}", bar(fraction), progress.done, progress.total,
                        progress.unit);
    if (fraction > 0 && elapsed > 1 && !finished) {
      line += fmt::format("  {} left", human_seconds(elapsed * (1 - fraction) / fraction));
    }
  } else {
    line += fmt::format(" {:g} {}  {}", progress.done, progress.unit, human_seconds(elapsed));
  }
  std::size_t shown = 0;
  for (const auto& [name, value] : latest_) {
    if (++shown > kMetricsShown) break;
    line += fmt::format("  {} {:.4g}", name, value);
  }
  const auto width = static_cast<std::size_t>(terminal_width(::fileno(stream_)) - 1);
  if (line.size() > width) line.resize(width);
  fmt::print(stream_, "\r{}\x1b[K", line);
  std::fflush(stream_);
  line_shown_ = true;
}

}  // namespace ordo::cli
