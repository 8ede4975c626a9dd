import Lab
import Simulation

// Foundation and the standard library have types of these names; in this program they always mean the lab's.
typealias Measurement = Lab.Measurement
typealias Duration = Simulation.Duration
