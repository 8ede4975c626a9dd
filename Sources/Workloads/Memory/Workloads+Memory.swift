import ContainerRuntime
import Simulation

/// Memory is taken, and whoever takes too much is killed.
extension Workloads {
    /// Takes bytes for a process (or gives them back) and kills what the kernel would kill.
    mutating func grow(_ slot: Int, by bytes: Int64) {
        let growth = processes[slot].memory.add(bytes)
        let resident = processes[slot].memory.resident
        let machine = Int(processes[slot].node)
        machines[machine].memoryUsed += growth
        if resident > processes[slot].memoryLimit {
            // The container's own cgroup is full.
            noteOutOfMemory(slot, byMachine: false)
            doom(slot, ExitStatus(code: 137, reason: "OOMKilled"))
        } else if growth > 0, machines[machine].memoryUsed > machines[machine].memoryCapacity {
            killForMachine(machine)
        }
    }

    /// The machine is full: the kernel kills the highest score, memory in thousandths of the machine plus
    /// oom_score_adj (mm/oom_kill.c, `oom_badness`).
    private mutating func killForMachine(_ machine: Int) {
        var excess = machines[machine].memoryUsed - machines[machine].memoryCapacity
        var spared: [UInt32] = doomed.map(\.process.slot)
        for doom in doomed where isRunning(doom.process) && Int(processes[Int(doom.process.slot)].node) == machine {
            excess -= processes[Int(doom.process.slot)].memory.resident
        }
        while excess > 0 {
            var victim: (score: Int64, slot: UInt32)?
            var slot = machines[machine].firstProcess
            while slot != .max {
                let process = processes[Int(slot)]
                if !spared.contains(slot), process.oomScoreAdjustment > -1000 {
                    let share =
                        process.memory.resident.multiplyingSaturating(1000) / max(1, machines[machine].memoryCapacity)
                    let score = share + Int64(process.oomScoreAdjustment)
                    if score > victim?.score ?? .min { victim = (score, slot) }
                }
                slot = process.nextOnNode
            }
            guard let victim else { return }
            spared.append(victim.slot)
            excess -= processes[Int(victim.slot)].memory.resident
            noteOutOfMemory(Int(victim.slot), byMachine: true)
            doom(Int(victim.slot), ExitStatus(code: 137, reason: "OOMKilled"))
        }
    }

    /// What a request leaves behind when it ends: a leak, and a place in the cache.
    mutating func leaveBehind(_ slot: Int, _ memory: MemoryProfile, count: Int64 = 1) {
        var bytes = memory.leakPerRequest.addingSaturating(extraLeak(slot)).multiplyingSaturating(count)
        if bytes > 0 { processes[slot].memory.leaked = processes[slot].memory.leaked.addingSaturating(bytes) }
        if memory.cachePerRequest > 0 {
            let room = max(0, memory.cacheMaximum - processes[slot].memory.cache)
            let cached = min(room, memory.cachePerRequest.multiplyingSaturating(count))
            processes[slot].memory.cache += cached
            bytes += cached
        }
        if bytes > 0 { grow(slot, by: bytes) }
    }
}
