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

    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
