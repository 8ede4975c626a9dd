// The hold loop on std::priority_queue: take the earliest event, schedule another. One event in ten schedules a
// timer as well and takes back the oldest one, which a priority queue cannot: it only marks it and skips it when it
// comes ("lazy" cancelling), so that its memory holds cancelled timers until their time.
//
// Usage: hold PENDING EVENTS CANCEL(0|1); prints events a second of processor time.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <queue>
#include <vector>

struct Event {
    int64_t time;
    uint64_t sequence;
    uint64_t payload;
    bool operator>(const Event &other) const {
        return time > other.time || (time == other.time && sequence > other.sequence);
    }
};

static uint64_t state = 88172645463325252ull;
static uint64_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

int main(int argc, char **argv) {
    const uint64_t pending = strtoull(argv[1], nullptr, 10);
    const uint64_t events = strtoull(argv[2], nullptr, 10);
    const bool cancels = argc > 3 && argv[3][0] == '1';
    std::priority_queue<Event, std::vector<Event>, std::greater<Event>> queue;
    std::vector<char> cancelled(1 << 24);
    std::vector<uint64_t> timers(1024);
    uint64_t sequence = 0, sum = 0, cancellations = 0;
    for (uint64_t i = 0; i < pending; i++) queue.push({int64_t(next() % 1000000000), sequence++, i});
    const std::clock_t start = std::clock();
    uint64_t handled = 0;
    while (handled < events) {
        const Event event = queue.top();
        queue.pop();
        if (cancels && cancelled[event.sequence & 0xffffff]) {
            cancelled[event.sequence & 0xffffff] = 0;
            continue;
        }
        handled++;
        sum += event.payload;
        queue.push({event.time + int64_t(next() % 1000000000), sequence++, event.payload});
        if (cancels && handled % 10 == 0) {
            uint64_t &timer = timers[cancellations++ % timers.size()];
            if (timer) cancelled[timer & 0xffffff] = 1;
            timer = sequence;
            queue.push({event.time + 30000000000ll, sequence++, 0});
        }
    }
    const double seconds = double(std::clock() - start) / CLOCKS_PER_SEC;
    printf("%.0f\n", double(events) / seconds);
    return sum == 42;
}
