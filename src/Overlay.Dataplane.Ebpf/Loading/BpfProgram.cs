using System.Runtime.InteropServices;
using System.Text;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>
/// A program in the kernel, verified, of type SCHED_CLS. It lives while a descriptor or a link holds it.
/// </summary>
public sealed unsafe class BpfProgram : IDisposable
{
    private const uint BPF_PROG_TYPE_SCHED_CLS = 3;
    private const byte BPF_PSEUDO_MAP_FD = 1;
    private const int LogLength = 1 << 20;

    private readonly FileDescriptor _program;

    private BpfProgram(FileDescriptor program, string name)
    {
        _program = program;
        Name = name;
    }

    public string Name { get; }

    internal FileDescriptor Descriptor => _program;

    /// <summary>Has the kernel verify and compile a program.</summary>
    /// <param name="image">As the object has it.</param>
    /// <param name="maps">The maps that it loads, by name.</param>
    /// <param name="license">The object's.</param>
    /// <exception cref="LinuxException">
    /// The kernel refused: EPERM without CAP_BPF and CAP_NET_ADMIN, and EACCES or EINVAL by the verifier, whose last
    /// words are in the subject.
    /// </exception>
    public static BpfProgram Load(ProgramImage image, IReadOnlyDictionary<string, BpfMap> maps, string license)
    {
        byte[] instructions = image.Instructions.ToArray();
        foreach ((int offset, string map) in image.MapLoads)
        {
            // struct bpf_insn: code, registers with the source in the upper half, offset, immediate value.
            instructions[offset + 1] = (byte)((instructions[offset + 1] & 0x0f) | (BPF_PSEUDO_MAP_FD << 4));
            MemoryMarshal.Write(instructions.AsSpan(offset + 4), (int)maps[map].Descriptor.DangerousGetHandle());
        }

        int descriptor = Load(image, instructions, license, default);
        if (descriptor >= 0) return new BpfProgram(new FileDescriptor(descriptor), image.Name);

        // The log costs time and memory, so it is asked for where there is something to say.
        int error = Marshal.GetLastPInvokeError();
        byte[] log = new byte[LogLength];
        descriptor = Load(image, instructions, license, log);
        if (descriptor >= 0) return new BpfProgram(new FileDescriptor(descriptor), image.Name);
        string last = LastLine(log);
        string subject = last.Length == 0 ? $"program {image.Name}" : $"program {image.Name} (verifier: {last})";
        throw new LinuxException("bpf BPF_PROG_LOAD", subject, error);
    }

    /// <summary>Runs the program on a frame, without a device (BPF_PROG_TEST_RUN).</summary>
    /// <param name="frame">With its Ethernet header.</param>
    /// <returns>The program's value.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public int Run(ReadOnlySpan<byte> frame)
    {
        fixed (byte* bytes = frame)
        {
            BpfAttributes attributes = default;
            attributes.Set(0, (int)_program.DangerousGetHandle());
            attributes.Set(8, frame.Length);
            attributes.SetPointer(16, bytes);
            attributes.Set(32, 1);
            _ = BpfCall.Require(BpfCommand.ProgramTestRun, attributes, "BPF_PROG_TEST_RUN", $"program {Name}");
            return (int)attributes.ReadUInt32(4);
        }
    }

    public void Dispose() => _program.Dispose();

    /// <summary>The verifier's reason. Behind it are only counts of its work.</summary>
    internal static string LastLine(ReadOnlySpan<byte> log)
    {
        int end = log.IndexOf((byte)0);
        string[] lines = Encoding.ASCII.GetString(end < 0 ? log : log[..end])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        for (int i = lines.Length - 1; i >= 0; i--)
        {
            bool isCount = lines[i].StartsWith("processed ", StringComparison.Ordinal)
                || lines[i].StartsWith("verification time ", StringComparison.Ordinal)
                || lines[i].StartsWith("stack depth ", StringComparison.Ordinal);
            if (!isCount) return lines[i];
        }

        return "";
    }

    private static int Load(ProgramImage image, byte[] instructions, string license, Span<byte> log)
    {
        fixed (byte* code = instructions, licenseText = Encoding.ASCII.GetBytes(license + '\0'), logBytes = log)
        {
            BpfAttributes attributes = default;
            attributes.Set(0, BPF_PROG_TYPE_SCHED_CLS);
            attributes.Set(4, image.Count);
            attributes.SetPointer(8, code);
            attributes.SetPointer(16, licenseText);
            if (log.Length > 0)
            {
                attributes.Set(24, 1);
                attributes.Set(28, log.Length);
                attributes.SetPointer(32, logBytes);
            }

            attributes.SetName(48, image.Name);
            return BpfCall.Invoke(BpfCommand.ProgramLoad, attributes);
        }
    }
}
