#include "ordo/study/live.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/cli/terminal.h"
#include "ordo/study/show.h"

namespace ordo::study {
namespace {

constexpr auto kBetweenDraws = std::chrono::milliseconds(100);
constexpr std::string_view kUp = "\x1b[{}F";       // to the beginning of the line n lines above
constexpr std::string_view kClearDown = "\x1b[J";  // from here to the end of the screen

// Text of a stranger's program, without the bytes that would move a cursor.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  return out;
}

// The first `columns` code points.
std::string cut(const std::string& text, int columns) {
  int seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins && seen++ == columns) return text.substr(0, i);
  }
  return text;
}

std::string count_or_blank(int count) { return count == 0 ? "" : std::to_string(count); }

}  // namespace

LiveTable::LiveTable(Screen screen) : screen_(std::move(screen)) {}

void LiveTable::begin(const Plan& plan) {
  order_ = plan.variants;
  planned_ = 0;
  finished_ = 0;
  for (const trial::Job& job : plan.jobs) {
    for (const trial::Cell& cell : job.cells) {
      ++lines_[cell.variant].total;
      ++planned_;
    }
  }
  std::erase_if(order_, [&](const std::string& name) { return !lines_.contains(name); });
  start_ = Clock::now();
  draw();
}

void LiveTable::end() {
  draw();
  screen_.write("\n");
  drawn_lines_ = 0;
}

void LiveTable::cell_started(const trial::Cell& cell) { ++lines_[cell.variant].running; }

void LiveTable::cell_event(const trial::Cell& cell, const Event& event) {
  Line& line = lines_[cell.variant];
  if (const auto* metric = std::get_if<Metric>(&event.body)) {
    line.latest = fmt::format("{} {} at {}", printable(metric->name), short_number(metric->value),
                              short_number(metric->step));
  } else if (const auto* progress = std::get_if<Progress>(&event.body)) {
    line.latest = printable(progress->task);
    if (progress->total > 0) {
      line.latest += fmt::format(" {:.0f} %", 100 * progress->done / progress->total);
    }
  }
}

void LiveTable::cell_finished(const trial::Cell& cell, const CellOutcome& outcome) {
  Line& line = lines_[cell.variant];
  line.running = std::max(0, line.running - 1);
  if (outcome.state != CellOutcome::State::done) {
    notes_.push_back(fmt::format("! {} seed {}: {}{}", cell.variant, cell.seed,
                                 printable(outcome.reason),
                                 outcome.last ? "" : "; it is tried again"));
  }
  if (!outcome.last) return;
  ++finished_;
  ++(outcome.state == CellOutcome::State::done ? line.done : line.failed);
}

void LiveTable::cell_skipped(const trial::Cell& cell, const std::string&) {
  ++finished_;
  --lines_[cell.variant].total;
}

void LiveTable::tick() {
  if (Clock::now() - last_draw_ >= kBetweenDraws) draw();
}

std::string LiveTable::summary_line() const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  std::string text = fmt::format("{} of {} cells", finished_, planned_);
  if (finished_ == 0 || seconds <= 0) return text;
  const double rate = static_cast<double>(finished_) / seconds;
  text += rate >= 1 ? fmt::format(", {:.1f} a second", rate)
                    : fmt::format(", {} each", cli::human_seconds(1 / rate));
  if (finished_ < planned_) {
    const double left = static_cast<double>(planned_ - finished_) / rate;
    text += fmt::format(", about {} left", cli::human_seconds(left));
  }
  return text;
}

std::vector<std::string> LiveTable::frame(int columns) const {
  std::vector<std::vector<std::string>> rows = {{"variant", "done", "failed", "running", "latest"}};
  const std::size_t fits = static_cast<std::size_t>(std::max(3, screen_.rows - 4));
  std::size_t hidden = 0;
  for (const std::string& name : order_) {
    const Line& line = lines_.at(name);
    // Where not all variants fit, those at work are shown.
    if (order_.size() > fits && (line.running == 0 || rows.size() > fits)) {
      ++hidden;
      continue;
    }
    rows.push_back({printable(name), fmt::format("{}/{}", line.done, line.total),
                    count_or_blank(line.failed), count_or_blank(line.running), line.latest});
  }
  std::vector<std::string> lines;
  std::string table = align_columns(rows);
  for (std::size_t begin = 0; begin < table.size();) {
    const std::size_t end = table.find('\n', begin);
    lines.push_back(cut(table.substr(begin, end - begin), columns));
    begin = end + 1;
  }
  if (hidden > 0) lines.push_back(fmt::format("... and {} more variants", hidden));
  lines.push_back(cut(summary_line(), columns));
  return lines;
}

void LiveTable::draw() {
  last_draw_ = Clock::now();
  const int columns = std::max(20, screen_.columns() - 1);
  std::string text;
  if (drawn_lines_ > 0) text += fmt::format(fmt::runtime(kUp), drawn_lines_);
  text += kClearDown;
  for (const std::string& note : notes_) text += cut(note, columns) + "\n";
  notes_.clear();
  const std::vector<std::string> lines = frame(columns);
  for (const std::string& line : lines) text += line + "\n";
  drawn_lines_ = lines.size();
  screen_.write(text);
}

}  // namespace ordo::study
