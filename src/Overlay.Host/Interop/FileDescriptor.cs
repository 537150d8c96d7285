using Microsoft.Win32.SafeHandles;

namespace Overlay.Host.Interop;

/// <summary>An open file descriptor, closed once and not before its last native call is done.</summary>
public sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    public FileDescriptor()
        : base(ownsHandle: true)
    {
    }

    internal FileDescriptor(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>Gives the descriptor to another owner: this object is closed, the descriptor stays open.</summary>
    internal int Release()
    {
        int descriptor = (int)handle;
        SetHandleAsInvalid();
        return descriptor;
    }

    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
