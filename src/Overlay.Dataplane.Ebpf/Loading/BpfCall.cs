using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>bpf(2), which libc has no function for.</summary>
internal static unsafe partial class BpfCall
{
    // __NR_bpf of arch/x86/entry/syscalls/syscall_64.tbl and of include/uapi/asm-generic/unistd.h.
    private static readonly nint _number = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 321,
        Architecture.Arm64 => 280,
        _ => -1,
    };

    /// <summary>Makes the call, once more where the kernel asks for that.</summary>
    /// <returns>A descriptor or 0; -1 with the error number in the thread's last P/Invoke error.</returns>
    public static int Invoke(BpfCommand command, in BpfAttributes attributes)
    {
        // EAGAIN: a program's verification was interrupted by a signal (kernel/bpf/verifier.c).
        const int MostTries = 5;
        fixed (byte* bytes = &Unsafe.As<BpfAttributes, byte>(ref Unsafe.AsRef(in attributes)))
        {
            for (int i = 1; ; i++)
            {
                int result = (int)Syscall(_number, (nint)command, bytes, BpfAttributes.Length);
                bool isAgain = result < 0 && Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR;
                if (!isAgain || i == MostTries) return result;
            }
        }
    }

    /// <summary>As <see cref="Invoke"/>, for a command that has no other outcome than success.</summary>
    /// <exception cref="LinuxException">The kernel refused; it names the command and the subject.</exception>
    public static int Require(BpfCommand command, in BpfAttributes attributes, string call, string subject)
    {
        int result = Invoke(command, attributes);
        return result >= 0 ? result : throw LinuxException.Last($"bpf {call}", subject);
    }

    /// <summary>Pins an object's descriptor at a path of a bpffs.</summary>
    /// <exception cref="LinuxException">The path is on no bpffs, is taken, or may not be written.</exception>
    public static void Pin(FileDescriptor descriptor, string path)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(path + '\0'))
        {
            BpfAttributes attributes = default;
            attributes.SetPointer(0, text);
            attributes.Set(8, (int)descriptor.DangerousGetHandle());
            _ = Require(BpfCommand.ObjectPin, attributes, "BPF_OBJ_PIN", path);
        }
    }

    /// <summary>Opens what is pinned at a path; null where nothing is.</summary>
    /// <exception cref="LinuxException">Something else is there, or it may not be opened.</exception>
    public static FileDescriptor? Open(string path)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(path + '\0'))
        {
            BpfAttributes attributes = default;
            attributes.SetPointer(0, text);
            int descriptor = Invoke(BpfCommand.ObjectGet, attributes);
            if (descriptor >= 0) return new FileDescriptor(descriptor);
        }

        LinuxException failure = LinuxException.Last("bpf BPF_OBJ_GET", path);
        return failure.Errno == Errno.ENOENT ? null : throw failure;
    }

    /// <summary>Reads what the kernel knows of an object; bytes that it does not have stay zero.</summary>
    /// <exception cref="LinuxException">The descriptor is no BPF object's.</exception>
    public static void ReadInfo(FileDescriptor descriptor, Span<byte> info, string subject)
    {
        fixed (byte* bytes = info)
        {
            BpfAttributes attributes = default;
            attributes.Set(0, (int)descriptor.DangerousGetHandle());
            attributes.Set(4, info.Length);
            attributes.SetPointer(8, bytes);
            _ = Require(BpfCommand.ObjectGetInfo, attributes, "BPF_OBJ_GET_INFO_BY_FD", subject);
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint command, byte* attributes, nint length);
}
