import { Navigate, Route, Routes, useParams } from 'react-router-dom';
import { NotFound } from '../../components/not_found';
import { paths } from '../../paths';
import { CreateInlinePolicy, EditInlinePolicy } from './inline_policy';
import { CreatePolicy } from './policies/create_policy';
import { EditPolicy } from './policies/edit_policy';
import { PolicyList } from './policies/policy_list';
import { PolicyPage } from './policies/policy_page';
import { CreateRole } from './roles/create_role';
import { RoleList } from './roles/role_list';
import { RolePage } from './roles/role_page';
import { CreateUser } from './users/create_user';
import { UserList } from './users/user_list';
import { UserPage } from './users/user_page';

export default function IamRoutes() {
  return (
    <Routes>
      <Route index element={<Navigate to={paths.roles} replace />} />
      <Route path="roles" element={<RoleList />} />
      <Route path="create-role" element={<CreateRole />} />
      <Route path="roles/:name" element={<ToFirstTab of="role" />} />
      <Route path="roles/:name/:tab" element={<RolePage />} />
      <Route path="roles/:name/permissions/create-inline-policy" element={<CreateInlinePolicy of="role" />} />
      <Route path="roles/:name/permissions/inline-policies/:policy" element={<EditInlinePolicy of="role" />} />
      <Route path="policies" element={<PolicyList />} />
      <Route path="create-policy" element={<CreatePolicy />} />
      <Route path="policies/:name" element={<ToFirstTab of="policy" />} />
      <Route path="policies/:arn/:tab" element={<PolicyPage />} />
      <Route path="policies/:arn/edit" element={<EditPolicy />} />
      <Route path="users" element={<UserList />} />
      <Route path="create-user" element={<CreateUser />} />
      <Route path="users/:name" element={<ToFirstTab of="user" />} />
      <Route path="users/:name/:tab" element={<UserPage />} />
      <Route path="users/:name/permissions/create-inline-policy" element={<CreateInlinePolicy of="user" />} />
      <Route path="users/:name/permissions/inline-policies/:policy" element={<EditInlinePolicy of="user" />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}

function ToFirstTab({ of }: { of: 'role' | 'policy' | 'user' }) {
  return <Navigate to={paths[of](useParams().name!)} replace />;
}
